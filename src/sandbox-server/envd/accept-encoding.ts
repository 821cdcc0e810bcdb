/**
 * How a file is sent to who says `Accept-Encoding: …`; null: there is no way that it accepts.
 * gzip only where it is asked for by itself or ranked above identity: every fetch lists it among others, and on one machine
 * packing costs more than it saves.
 */
export function chooseEncoding(header: string | undefined): 'identity' | 'gzip' | null {
  const ranks = readRanks(header ?? '');
  const [any, gzip] = [ranks.get('*'), ranks.get('gzip') ?? 0];
  const identity = ranks.get('identity') ?? (any === 0 ? 0 : undefined);
  if (identity === 0) return gzip > 0 || (any ?? 0) > 0 ? 'gzip' : null;
  const preferred = identity === undefined ? ranks.size === 1 : gzip > identity;
  return gzip > 0 && preferred ? 'gzip' : 'identity';
}

/** Whether the header lets a file be sent as it is, which ranges need. */
export function acceptsIdentity(header: string | undefined): boolean {
  const ranks = readRanks(header ?? '');
  return (ranks.get('identity') ?? ranks.get('*') ?? 1) > 0;
}

// `gzip;q=0.5, *;q=0`: each coding and its rank, 1 unless it says otherwise.
function readRanks(header: string): Map<string, number> {
  const ranks = new Map<string, number>();
  for (const part of header.toLowerCase().split(',')) {
    const [coding = '', ...parameters] = part.split(';').map((text) => text.trim());
    const rank = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    if (coding !== '') ranks.set(coding, rank === undefined || Number.isNaN(Number(rank)) ? 1 : Number(rank));
  }
  return ranks;
}
