const CONNECT_CODES: Readonly<Record<number, string>> = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'not_found',
  405: 'unknown',
  409: 'already_exists',
  413: 'resource_exhausted',
  415: 'unknown',
  429: 'resource_exhausted',
  501: 'unimplemented',
  502: 'unavailable',
  504: 'deadline_exceeded',
  507: 'resource_exhausted',
};

// Where the protocol's HTTP status for a code is not the one we mean elsewhere.
const CONNECT_STATUS: Readonly<Record<string, number>> = {
  resource_exhausted: 429,
  unavailable: 503,
  internal: 500,
};

/** Why a request is refused: an HTTP status and a sentence that the caller of the SDK reads. */
export class Refusal extends Error {
  readonly status: number;
  /** Sent with it. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.headers = headers;
  }

  /** The same by the Connect protocol's names. */
  get connectCode(): string {
    return CONNECT_CODES[this.status] ?? 'internal';
  }

  /** The HTTP status that the Connect protocol gives that name. */
  get connectStatus(): number {
    return CONNECT_STATUS[this.connectCode] ?? this.status;
  }
}

/** Any thrown value as a refusal: our own, a framework's client error, or 500 without the inner words. */
export function asRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  if (thrown instanceof Error && 'statusCode' in thrown) {
    const status = Number(thrown.statusCode);
    if (status >= 400 && status < 500) return new Refusal(status, thrown.message);
  }
  return new Refusal(500, 'internal error of the sandbox server; its log says more');
}
