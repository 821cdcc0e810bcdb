import type { FastifyInstance } from 'fastify';
import { ENVD_VERSION } from './describe.ts';
import { Refusal } from '../refusal.ts';
import type { Sandboxes } from '../sandboxes.ts';
import { isBase, parseTemplateName } from '../templates/template-name.ts';
import { shownName, type Template } from '../templates/templates.ts';

type ById = { Params: { id: string } };

/** The part of E2B's API that tells which templates there are, and removes them; to it a snapshot is one, too. */
export function addTemplates(app: FastifyInstance, sandboxes: Sandboxes): void {
  const { templates } = sandboxes.options;
  app.get('/templates', () => [
    describe(sandboxes, 'base', ['base', 'code-interpreter-v1']),
    ...templates
      .all()
      .filter(({ kind }) => kind === 'template')
      .map((each) => describe(sandboxes, each.id, [shownName(each)], each)),
  ]);
  app.get<{ Params: { alias: string } }>('/templates/aliases/:alias', ({ params }) => {
    parseTemplateName(params.alias);
    const templateID = isBase(params.alias) ? 'base' : templates.find(params.alias)?.id;
    if (templateID === undefined) throw notFound(params.alias);
    return { templateID, public: false };
  });
  app.delete<ById>('/templates/:id', ({ params }, reply) => {
    if (isBase(params.id))
      throw new Refusal(400, `template '${params.id}' is this machine's own toolchain and stays`);
    if (!templates.remove(params.id)) throw notFound(params.id);
    void sandboxes.removeUnusedLayers();
    return reply.code(204).send();
  });
}

function notFound(asked: string): Refusal {
  return new Refusal(404, `template '${asked}' not found`);
}

function describe({ options }: Sandboxes, id: string, names: readonly string[], template?: Template): object {
  const { cpus, memoryMb, diskMb } = options.limits;
  const createdAt = template?.createdAt ?? new Date(0).toISOString();
  return {
    templateID: id,
    buildID: id,
    buildStatus: 'ready',
    buildCount: 1,
    names,
    aliases: names,
    public: false,
    cpuCount: cpus,
    memoryMB: memoryMb,
    diskSizeMB: diskMb,
    envdVersion: ENVD_VERSION,
    createdAt,
    updatedAt: createdAt,
    createdBy: null,
    lastSpawnedAt: template ? options.templates.lastUsedAt(template).toISOString() : null,
    spawnCount: 0,
  };
}
