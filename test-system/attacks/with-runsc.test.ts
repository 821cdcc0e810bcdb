import { describe } from 'vitest';
import { tryAttacks } from '../../test/sandbox-server/attacks/run-attacks.ts';
import { AS_FOUND } from '../../test/sandbox-server/attacks/start-modes.ts';
import { whatRunscLacks } from '../runsc-lacking.ts';

// What holds instead is tried in runsc.test.ts and runsc-host.test.ts.
const CANNOT_SHOW = {
  "open the first process's memory, descriptors and links":
    'gVisor tells the names of links, which say nothing; what they lead to is closed',
  'leave a process behind when its sandbox is killed': 'the host does not see the names of processes inside',
  'outlast its kill by forking as fast as it can': 'the host does not see the names of processes inside',
  'raise its priority above the host’s': 'priorities inside mean nothing outside',
  'speak the 32-bit interface of the kernel': "it is gVisor's kernel that answers",
  'starve other sandboxes of open files': 'whoever takes so many is killed for its memory first',
  'hold more memory than it has, in many processes': 'the host may end the whole sandbox',
  'make more terminals than it may': "only gVisor's kernel holds them, and its memory is bounded",
  'make more inotify instances than it may': "only gVisor's kernel holds them, and its memory is bounded",
  'hold the server by FIFOs, devices, sockets and leases': 'the file API does not find them',
  'type into its own terminal, or load line disciplines by it': 'there are no terminals',
  'read what is typed in the terminal of another sandbox': 'there are no terminals',
};

const lacking = whatRunscLacks();

describe.skipIf(lacking !== null)(`With the wall runsc${lacking ? `: ${lacking}` : ''}`, () => {
  tryAttacks(AS_FOUND, { flags: ['--wall', 'runsc'], cannotShow: CANNOT_SHOW });
});
