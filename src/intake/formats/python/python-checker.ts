/**
 * The program that checks one sample of Python inside a sandbox. Two processes: the candidate's code is only ever run in
 * the lower one; the upper one holds the tests and the nonce, asks for return values as plain data, and writes the
 * report. What each line defends against is told in docs/spec.md.
 */
export const PYTHON_CHECKER = String.raw`
import builtins, json, os, signal, sys

FLAT = (bool, int, float, str)

def pack(value):
    if value is None or type(value) in FLAT:
        return value
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, (list, tuple, set, frozenset, range)):
        kind = next(k for k in (list, tuple, set, frozenset, range) if isinstance(value, k))
        return {"t": kind.__name__, "v": [pack(item) for item in value]}
    if isinstance(value, dict):
        return {"t": "dict", "v": [[pack(key), pack(item)] for key, item in value.items()]}
    if isinstance(value, (bytes, bytearray)):
        return {"t": "bytes", "v": bytes(value).hex()}
    if isinstance(value, complex):
        return {"t": "complex", "v": [value.real, value.imag]}
    raise TypeError("a value of type " + type(value).__name__ + " cannot be handed over")

def unpack(value):
    if not isinstance(value, dict):
        return [unpack(item) for item in value] if isinstance(value, list) else value
    kind, inner = value["t"], value["v"]
    if kind == "dict":
        return {unpack(key): unpack(item) for key, item in inner}
    if kind == "bytes":
        return bytes.fromhex(inner)
    if kind == "complex":
        return complex(*inner)
    items = [unpack(item) for item in inner]
    return {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset, "range": list}[kind](items)

def told(error):
    return {"error": type(error).__name__, "text": str(error)[:500]}

def run_candidate(questions, answers):
    """The lower process: nothing in its memory or its files says what the right answers are."""
    program = json.loads(questions.readline())
    names = {"__name__": "candidate"}
    try:
        exec(compile(program["code"], "candidate.py", "exec"), names)
        entry = names[program["entry"]]
        answers.write('{"ready": true}\n')
    except BaseException as error:
        answers.write(json.dumps(told(error)) + "\n")
        answers.flush()
        os._exit(1)
    answers.flush()
    for question in questions:
        call = json.loads(question)
        try:
            args = [unpack(item) for item in call["args"]]
            given = {key: unpack(item) for key, item in call["named"]}
            reply = json.dumps({"value": pack(entry(*args, **given))})
        except BaseException as error:
            reply = json.dumps(told(error))
        try:
            sys.stdout.flush()
        except Exception:
            pass
        answers.write(reply + "\n")
        answers.flush()
    os._exit(0)

class CandidateGone(BaseException):
    pass

def start_candidate():
    down, up = os.pipe(), os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.close(down[1])
        os.close(up[0])
        silence = os.open(os.devnull, os.O_RDONLY)
        os.dup2(silence, 0)
        run_candidate(os.fdopen(down[0], "r"), os.fdopen(up[1], "w"))
    os.close(down[0])
    os.close(up[1])
    return pid, os.fdopen(down[1], "w"), os.fdopen(up[0], "r")

def hide_memory():
    """Keeps processes of the same user from reading this one; without ctypes it goes on without."""
    try:
        import ctypes
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass

def make_ask(questions, answers):
    def ask(message):
        try:
            questions.write(json.dumps(message) + "\n")
            questions.flush()
        except BrokenPipeError:
            pass
        line = answers.readline(64 * 1024 * 1024)
        if not line.endswith("\n"):
            raise CandidateGone("the candidate's process ended before it answered")
        reply = json.loads(line)
        if "error" in reply:
            kind = getattr(builtins, str(reply["error"]), None)
            usable = isinstance(kind, type) and issubclass(kind, Exception)
            raise (kind if usable else RuntimeError)(str(reply["error"]) + ": " + str(reply.get("text"))[:500])
        return reply
    return ask

def load_helpers(prompt, names):
    """Problems whose tests use functions of the prompt: the author's text, never the candidate's."""
    for tail in ("", "    pass\n"):
        try:
            exec(compile(prompt + tail, "prompt.py", "exec"), names)
            return
        except SyntaxError:
            continue

def check(problem, test, ask):
    def candidate(*args, **named):
        message = {"args": [pack(item) for item in args], "named": [[key, pack(item)] for key, item in named.items()]}
        return unpack(ask(message)["value"])
    names = {"__name__": "check"}
    load_helpers(problem["prompt"], names)
    names[problem["entry"]] = candidate
    exec(compile(test, "test.py", "exec"), names)
    names["check"](candidate)

def failure_of(action, test):
    """Why an action failed, or None."""
    try:
        action()
        return None
    except BaseException as error:
        return explain(error, test)

def explain(error, test):
    text = (type(error).__name__ + ": " + str(error)).strip(": ")
    at, line = error.__traceback__, None
    while at is not None:
        if at.tb_frame.f_code.co_filename == "test.py":
            line = at.tb_lineno
        at = at.tb_next
    lines = test.split("\n")
    if line is None or not 0 < line <= len(lines):
        return text
    return text + "\n    " + lines[line - 1].strip()

def main():
    here = os.path.dirname(os.path.abspath(__file__))
    # The lower process starts before the nonce and the tests are read, so that its memory never held them.
    pid, questions, answers = start_candidate()
    hide_memory()
    with open(os.path.join(here, "problem.json")) as file:
        problem = json.load(file)
    os.unlink(os.path.join(here, "problem.json"))
    ask = make_ask(questions, answers)
    broken = failure_of(lambda: ask({"code": problem["code"], "entry": problem["entry"]}), "")
    failures = []
    for name, test in problem["tests"]:
        failures.append(broken or failure_of(lambda: check(problem, test, ask), test))
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError:
        pass
    lines = ["TAP version 13", "1.." + str(len(failures))]
    for at, (name, _) in enumerate(problem["tests"]):
        lines.append(("ok" if failures[at] is None else "not ok") + " " + str(at + 1) + " - " + name)
    with open(os.path.join(here, "report-" + problem["nonce"] + ".tap"), "w") as file:
        file.write("\n".join(lines) + "\n")
    failed = [failure for failure in failures if failure is not None]
    for failure in failed[:10]:
        print(failure[:2000], file=sys.stderr)
    os._exit(1 if failed else 0)

main()
`.trimStart();
