/** Arguments of calls. */
export type Inputs = ReadonlyArray<readonly unknown[]>;

/** A test that calls the candidate with inputs and compares with what the author's own program returns. */
export function compareToSolution(
  own: { code: string; entry: string; tolerance: number },
  inputs: Inputs,
): string {
  return `import copy, json, math

def same(got, want):
    if got == want:
        return True
    if isinstance(want, float) and isinstance(got, (int, float)):
        return math.isclose(got, want, rel_tol=1e-7, abs_tol=max(${own.tolerance}, 1e-6)) or (got != got and want != want)
    if isinstance(want, (list, tuple)) and type(got) is type(want) and len(got) == len(want):
        return all(same(a, b) for a, b in zip(got, want))
    return False

def check(candidate):
    names = {"__name__": "solution"}
    exec(compile(${text(own.code)}, "solution.py", "exec"), names)
    for args in json.loads(${text(JSON.stringify(inputs))}):
        want = names[${text(own.entry)}](*copy.deepcopy(args))
        got = candidate(*args)
        assert same(got, want), "for " + repr(args)[:200] + " expected " + repr(want)[:200] + ", got " + repr(got)[:200]
`;
}

/** A test that calls the candidate with the lines of an input, each JSON, and compares with an output in JSON. */
export function compareValue(input: string, output: string): string {
  return `import json

def check(candidate):
    args = [json.loads(line) for line in ${text(input)}.split("\\n") if line.strip()]
    got, want = candidate(*args), json.loads(${text(output)})
    got = list(got) if isinstance(got, tuple) else got
    assert got == want, "expected " + repr(want)[:200] + ", got " + repr(got)[:200]
`;
}

/** A test that gives the candidate an input and compares what it prints: line by line, numbers as numbers. */
export function compareOutput(input: string, output: string): string {
  return `from decimal import Decimal, InvalidOperation

def same(got, want):
    if got == want:
        return True
    try:
        return list(map(Decimal, got.split())) == list(map(Decimal, want.split())) != []
    except InvalidOperation:
        return False

def check(candidate):
    got = [line.strip() for line in candidate(${text(input)}).strip().split("\\n")]
    want = [line.strip() for line in ${text(output)}.strip().split("\\n")]
    assert len(got) == len(want), "expected " + str(len(want)) + " lines, got " + str(len(got))
    for at, pair in enumerate(zip(got, want)):
        assert same(*pair), "line " + str(at + 1) + ": expected " + pair[1][:200] + ", got " + pair[0][:200]
`;
}

/** A program whose \`run(text)\` gives another program its standard input and returns what it printed. */
export function stdinProgram(program: string, timeoutS: number): string {
  return `import os, subprocess, sys, tempfile

def run(text):
    path = os.path.join(tempfile.mkdtemp(), "main.py")
    with open(path, "w") as file:
        file.write(${text(program)})
    done = subprocess.run([sys.executable, path], input=text.encode(), stdout=subprocess.PIPE, timeout=${timeoutS})
    if done.returncode != 0:
        raise RuntimeError("the program ended with exit status " + str(done.returncode))
    return done.stdout.decode(errors="replace")
`;
}

// What JSON writes as text Python reads as the same text.
function text(value: string): string {
  return JSON.stringify(value);
}
