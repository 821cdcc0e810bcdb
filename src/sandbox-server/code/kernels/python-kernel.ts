/**
 * The kernel of a Python context, given to `python3 -u -c`. Reads requests, a line of JSON each, on what was fd 0 and answers
 * with frames (frames.ts) on what were fds 1 and 2; the cells' own fds 1 and 2 are the same pipes.
 *
 * 1. Cells share the module `__main__`, which is not this program.
 * 2. What a cell forks gives up our pipes at once and never gets back into the loop.
 * 3. SIGINT interrupts cells, and is nothing between them.
 */
export const PYTHON_KERNEL = String.raw`
import sys
# The folder of the cells: what lies there must not stand in for what we import.
own_folder = sys.path.pop(0)
import ast, base64, builtins, fcntl, json, linecache, os, re, signal, textwrap, threading, traceback, types

FRAME_BYTES = 4096
RICH = {
    'text/html': '_repr_html_', 'text/markdown': '_repr_markdown_', 'image/svg+xml': '_repr_svg_',
    'image/png': '_repr_png_', 'image/jpeg': '_repr_jpeg_', 'application/pdf': '_repr_pdf_',
    'text/latex': '_repr_latex_', 'application/json': '_repr_json_', 'application/javascript': '_repr_javascript_',
}
AWAIT, CO_COROUTINE = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, 0x80


def take_over(fd, mode):
    # Opened anew: O_NONBLOCK that a child sets on the shared one does not reach ours.
    try:
        own = os.open('/proc/self/fd/%d' % fd, mode)
    except OSError:
        own = os.dup(fd)
    high = fcntl.fcntl(own, fcntl.F_DUPFD_CLOEXEC, 250)
    os.close(own)
    return high


requests, out, err = take_over(0, os.O_RDONLY), take_over(1, os.O_WRONLY), take_over(2, os.O_WRONLY)
null = os.open(os.devnull, os.O_RDONLY)
os.dup2(null, 0)
os.close(null)
nonce = None
forked = False
writing = threading.Lock()
loop = None


def leave_pipes():
    global forked, nonce
    forked, nonce = True, None
    for fd in (requests, out, err):
        os.close(fd)


os.register_at_fork(after_in_child=leave_pipes)


# One write of at most PIPE_BUF bytes is never mixed with another's; nor may an interrupt leave half a message.
def send(fd, message):
    if nonce is None:
        return
    body = json.dumps(message, default=str).encode()
    head = b'\0' + nonce.encode()
    step = FRAME_BYTES - len(head) - 2
    with writing:
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            for at in range(0, len(body), step):
                flag = b'.' if at + step >= len(body) else b'+'
                os.write(fd, head + flag + body[at:at + step] + b'\n')
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


# Methods of the class only, as for len() and repr(): an object that answers to any name would have them all.
def ask(value, name, **arguments):
    method = getattr(type(value), name, None)
    if method is None:
        return None
    try:
        answer = method(value, **arguments)
    except Exception:
        return None
    return answer[0] if isinstance(answer, tuple) else answer


def describe(value):
    data = {'text/plain': repr(value)}
    for mime, name in RICH.items():
        data[mime] = ask(value, name)
    data.update(ask(value, '_repr_mimebundle_', include=None, exclude=None) or {})
    return data


def show(data, main=False):
    flush()
    told = {
        str(mime): base64.b64encode(part).decode() if isinstance(part, (bytes, bytearray)) else part
        for mime, part in data.items() if part is not None
    }
    send(out, {'type': 'result', 'main': main, 'data': told})


def display(*values, raw=False, **ignored):
    for value in values:
        show(value if raw else describe(value))


def shell(command):
    import subprocess
    flush()
    subprocess.call(command, shell=True, executable='/bin/bash')


builtins.display = display
builtins._evalpool_shell = shell


def show_figures(*ignored, **also_ignored):
    plot = sys.modules.get('matplotlib.pyplot')
    if plot is None:
        return
    import io
    for number in plot.get_fignums():
        figure, image = plot.figure(number), io.BytesIO()
        figure.savefig(image, format='png', bbox_inches='tight')
        show({'text/plain': repr(figure), 'image/png': image.getvalue()})
    plot.close('all')
    plot.show = show_figures


# What notebooks write and Python does not know, tried only where it is no Python: "!command", and a cell indented as a whole.
def parse(code, name):
    try:
        return ast.parse(code, name)
    except SyntaxError as error:
        plain = textwrap.dedent(code)
        plain = re.sub(r'(?m)^([ \t]*)[!%](?=pip\b|(?<=!))(.+)$', lambda line: '%s_evalpool_shell(%r)' % line.groups(), plain)
        try:
            return ast.parse(plain, name)
        except SyntaxError:
            raise error from None


async def evaluate_in_loop(parts):
    for part in parts:
        value = eval(part, cells.__dict__)
        if part.co_flags & CO_COROUTINE:
            value = await value
    return value


def evaluate(parts):
    global loop
    if not any(part.co_flags & CO_COROUTINE for part in parts):
        return [eval(part, cells.__dict__) for part in parts][-1]
    import asyncio
    if loop is None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
    return loop.run_until_complete(evaluate_in_loop(parts))


def run(code, name):
    linecache.cache[name] = (len(code), None, code.splitlines(True), name)
    tree = parse(code, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    parts = [compile(tree, name, 'exec', AWAIT, True)]
    if last is not None:
        parts.append(compile(ast.Expression(last.value), name, 'eval', AWAIT, True))
    value = evaluate(parts)
    if last is not None and value is not None and not code.rstrip().endswith(';'):
        show(describe(value), main=True)
    show_figures()


def format_error(error):
    frame = error.__traceback__
    while frame and not frame.tb_frame.f_code.co_filename.startswith('<cell '):
        frame = frame.tb_next
    try:
        return str(error), ''.join(traceback.format_exception(type(error), error, frame))
    except Exception:
        return '(its text cannot be had)', ''


def tell_error(error):
    value, text = format_error(error)
    send(out, {'type': 'error', 'name': type(error).__name__, 'value': value, 'traceback': text})


def leave_fork(error):
    if isinstance(error, SystemExit):
        os._exit(error.code if isinstance(error.code, int) else error.code is not None)
    if error is not None:
        sys.stderr.write(format_error(error)[1])
    flush()
    os._exit(error is not None)


def answer(code, name, envs):
    before = {key: os.environ.get(key) for key in envs}
    try:
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.environ.update(envs)
            run(code, name)
        finally:
            signal.signal(signal.SIGINT, ignore_interrupt)
    except BaseException as caught:
        error = caught
    else:
        error = None
    if forked:
        leave_fork(error)
    for key, value in before.items():
        os.environ.pop(key, None) if value is None else os.environ.__setitem__(key, value)
    flush()
    if error is not None:
        tell_error(error)


def ignore_interrupt(number, frame):
    pass


signal.signal(signal.SIGINT, ignore_interrupt)
cells = sys.modules['__main__'] = types.ModuleType('__main__')
sys.path.insert(0, own_folder)
sys.argv = ['']
for line in open(requests, 'rb', closefd=False):
    request = json.loads(line)
    nonce = request['nonce']
    answer(request['code'], '<cell %d>' % request['number'], request['envs'])
    send(out, {'type': 'end'})
    send(err, {'type': 'end'})
    nonce = None
`;
