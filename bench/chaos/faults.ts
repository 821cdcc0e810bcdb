/** What goes wrong at the provider all the time. A create whose fate is unknown keeps its slot for three minutes, so few. */
export const FAULTS = {
  rules: [
    { do: 'delay', on: 'create', probability: 0.05, ms: [50, 800] },
    { do: 'answer', on: 'create', probability: 0.01, status: 503 },
    { do: 'reset', on: 'create', probability: 0.0003 },
    { do: 'reset', on: 'create', probability: 0.001, when: 'after' },
    { do: 'cut', on: ['start', 'reconnect'], probability: 0.02, afterMs: [20, 3000] },
    { do: 'answer', on: ['read', 'write'], probability: 0.005, status: 502 },
    { do: 'delay', on: 'destroy', probability: 0.05, ms: [100, 1500] },
    { do: 'answer', on: 'destroy', probability: 0.02, per: 'sandbox', times: 1, status: 500 },
    { do: 'vanish', probability: 0.015, afterMs: [100, 6000] },
  ],
};
