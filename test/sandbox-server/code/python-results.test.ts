import { beforeEach, expect, test } from 'vitest';
import { needPython, useCodeHost } from './code-host.ts';

const host = useCodeHost();
beforeEach(needPython);

test('objects show every form that they have', async () => {
  const { results } = await host.sandbox.runCode(`
class Rich:
    def __repr__(self): return 'plain'
    def _repr_html_(self): return '<b>h</b>'
    def _repr_markdown_(self): return '*m*'
    def _repr_svg_(self): return '<svg/>'
    def _repr_png_(self): return b'png bytes'
    def _repr_jpeg_(self): return b'jpeg bytes', {'width': 1}
    def _repr_latex_(self): return '$l$'
    def _repr_json_(self): return {'a': [1]}
    def _repr_mimebundle_(self, include=None, exclude=None): return {'text/own': 'other'}
display(Rich(), {'text/html': '<i>raw</i>'}, raw=False)
display({'text/html': '<i>raw</i>'}, raw=True)
Rich()
`);
  expect(results[0]).toMatchObject({
    isMainResult: false,
    text: 'plain',
    html: '<b>h</b>',
    markdown: '*m*',
    svg: '<svg/>',
    png: base64('png bytes'),
    jpeg: base64('jpeg bytes'),
    latex: '$l$',
    json: { a: [1] },
    raw: { extra: { 'text/own': 'other' } },
  });
  expect(results[2]).toMatchObject({ isMainResult: false, html: '<i>raw</i>' });
  expect(results[3]).toMatchObject({ isMainResult: true, text: 'plain' });
});

test('a form that fails, and an object that answers to every name, show their text', async () => {
  const code = `
class Fails:
    def __repr__(self): return 'plain'
    def _repr_html_(self): raise KeyError
class Any:
    def __getattr__(self, name): return lambda *a, **k: name
    def __repr__(self): return 'any'
display(Fails(), Any(), Fails)`;
  const { results, error } = await host.sandbox.runCode(code);
  expect(error).toBeUndefined();
  expect(results.map(({ raw }) => raw)).toMatchObject([
    { text: 'plain' },
    { text: 'any' },
    { text: expect.stringContaining('Fails') },
  ]);
  expect(results.flatMap((result) => result.formats())).toEqual([]);
});

test('figures that a cell leaves open become images', async () => {
  // Stands in for the library, which is large: what is called here is all that is asked of it.
  await host.sandbox.files.write(
    'matplotlib/pyplot.py',
    `
open_figures = {}
class Figure:
    def savefig(self, to, format, bbox_inches): to.write(b'drawn as ' + format.encode())
    def __repr__(self): return '<Figure>'
def figure(number=1): return open_figures.setdefault(number, Figure())
def get_fignums(): return list(open_figures)
def close(which): open_figures.clear()
`,
  );
  const drawn = await host.sandbox.runCode('import matplotlib.pyplot as plt\nplt.figure(); plt.figure(2)\n1');
  const image = {
    text: '<Figure>',
    png: base64('drawn as png'),
    isMainResult: false,
  };
  expect(drawn.results).toMatchObject([{ text: '1' }, image, image]);
  expect((await host.sandbox.runCode('plt.figure()\nplt.show()\n2')).results).toMatchObject([
    image,
    { text: '2' },
  ]);
});

test('a result larger than is passed on is an error, and the context lives on', async () => {
  const { results, error } = await host.sandbox.runCode('kept = 1\n"x" * 20_000_000');
  expect(results).toEqual([]);
  expect(error).toMatchObject({ name: 'ResultTooLarge' });
  expect((await host.sandbox.runCode('kept')).text).toBe('1');
});

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
