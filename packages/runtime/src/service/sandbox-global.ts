/** What of the language a program finds on its `global` and `globalThis`, beside `wx`. */
const NAMES = [
  ...['Promise', 'Map', 'Set', 'WeakMap', 'WeakSet', 'Symbol', 'Proxy', 'Reflect', 'JSON', 'Math', 'Date', 'RegExp'],
  ...[
    'Object',
    'Array',
    'String',
    'Number',
    'Boolean',
    'Function',
    'Error',
    'TypeError',
    'RangeError',
    'BigInt',
    'Intl',
  ],
  ...['ArrayBuffer', 'DataView', 'Uint8Array', 'Int8Array', 'Uint16Array', 'Int16Array', 'Uint32Array', 'Int32Array'],
  ...['Float32Array', 'Float64Array', 'parseInt', 'parseFloat', 'isNaN', 'isFinite', 'escape', 'unescape'],
  ...['encodeURIComponent', 'decodeURIComponent', 'encodeURI', 'decodeURI', 'queueMicrotask'],
  ...['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
];

/** The global object of a program: without a prototype, so that nothing of the Worker is reached by it. */
export function createSandboxGlobal(wx: Record<string, unknown>): Record<string, unknown> {
  const sandbox: Record<string, unknown> = Object.create(null);
  for (const name of NAMES) sandbox[name] = (globalThis as unknown as Record<string, unknown>)[name];
  sandbox.wx = wx;
  return sandbox;
}
