import { EvalpoolError } from '../../errors.ts';
import type { Spec } from '../../spec.ts';
import type { Network } from '../../stage.ts';
import { fetchByEvaluator } from './fetch-by-evaluator.ts';
import { fetchInSandbox } from './fetch-in-sandbox.ts';
import type { Mirrors } from './mirrors.ts';
import type { Desk } from '../open-desk.ts';
import { checkRef, repoKind } from './repo-address.ts';

/** Brings the repo at exactly its ref into the sandbox. Throws REF_NOT_FOUND, FETCH_FAILED or REPO_FORBIDDEN. */
export async function fetchRepo(
  desk: Desk,
  spec: Spec,
  how: { mirrors: Mirrors; defaultNetwork: Network },
): Promise<void> {
  const repo = spec.repo ?? '';
  const ref = checkRef(spec.ref ?? 'HEAD');
  if (chooseFetcher(spec, repo, spec.network.fetch ?? how.defaultNetwork) === 'evaluator')
    await fetchByEvaluator(desk, spec, how.mirrors, { repo, ref });
  else await fetchInSandbox(desk, spec, { repo, ref });
}

function chooseFetcher(spec: Spec, repo: string, network: Network): 'sandbox' | 'evaluator' {
  const kind = repoKind(repo);
  if (kind === 'local' && spec.fetch === 'sandbox') {
    throw new EvalpoolError(
      'REPO_FORBIDDEN',
      'a local repo can only be fetched by the evaluator, not in the sandbox',
    );
  }
  if (spec.fetch !== 'auto') return spec.fetch;
  return kind === 'web' && network !== 'none' ? 'sandbox' : 'evaluator';
}
