/** Every code of a problem that shows while a mini program runs. `docs/errors.md` is generated from this list. */
export const PROBLEM_CODES = [
  /** A script threw and nobody caught it. */
  'UNCAUGHT',
  /** A promise of the mini program was rejected and nobody handled it. */
  'UNHANDLED_REJECTION',
  /** A lifecycle, observer or event handler of a component threw; the others went on. */
  'COMPONENT_ERROR',
  /** A tag or `open-type` that Sparrow does not support; what is inside is shown. */
  'COMPONENT_NOT_SUPPORTED',
  /** A function of wx that Sparrow does not support; the call failed with "not supported". */
  'API_NOT_SUPPORTED',
  /** A function of wx failed inside Sparrow. */
  'API_CRASHED',
  /** The render layer of a page failed inside Sparrow. */
  'VIEW_ERROR',
  /** A page could not be built. */
  'PAGE_FAILED',
  /** The logic layer has not answered for seconds: a script runs endlessly. */
  'LOGIC_STUCK',
  /** The pages have not answered for seconds: a WXS function runs endlessly. */
  'VIEW_STUCK',
  /** A page has been changed by setData so often, for so long, that it looks like a loop without an end. */
  'SET_DATA_FLOOD',
  /** The browser process that ran the mini program has ended. */
  'PROCESS_GONE',
  /** The phone could not start the mini program. */
  'START_FAILED',
  /** A page was not ready in time. */
  'PAGE_TIMEOUT',
  /** The page could not be looked at. */
  'CHECK_FAILED',
  /** The phone's own page threw: a fault of Sparrow. */
  'HOST_ERROR',
  /** The project's own backend did not answer. */
  'BACKEND_UNREACHABLE',
  /** A host outside the project refused, timed out or has no address. */
  'UNREACHABLE',
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/**
 * Problems that stop something which a user does. The phone shows them over the page; the others stand in the log only.
 */
export const BREAKING_PROBLEMS: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'UNCAUGHT',
  'UNHANDLED_REJECTION',
  'COMPONENT_ERROR',
  'API_CRASHED',
  'VIEW_ERROR',
  'PAGE_FAILED',
  'SET_DATA_FLOOD',
]);

/** What a developer does about a problem. */
export const PROBLEM_HINTS: Record<ProblemCode, string> = {
  UNCAUGHT: 'the log panel has the stack with the lines of the source',
  UNHANDLED_REJECTION:
    'await the promise in a try block or give it a catch; wx calls without callbacks return promises',
  COMPONENT_ERROR: 'the log panel has the stack with the lines of the source',
  COMPONENT_NOT_SUPPORTED: 'see the list of components in docs/wx-coverage.md',
  API_NOT_SUPPORTED: 'see docs/wx-coverage.md; ask wx.canIUse before the call, or handle fail',
  API_CRASHED: 'a fault of Sparrow: please report it with the arguments of the call',
  VIEW_ERROR: 'a fault of Sparrow: please report it with the page',
  PAGE_FAILED: 'the log panel has the stack; a file of the page may be broken',
  LOGIC_STUCK: 'look for a loop without an end, then start the phone again with ◉',
  VIEW_STUCK: 'look for a loop without an end in WXS, then start the phone again with ◉',
  SET_DATA_FLOOD: 'look for a setData that causes the next one, in its callback, an observer or a timer',
  PROCESS_GONE: 'look for code that takes more and more memory: a list that only grows, a loop that allocates',
  START_FAILED: 'the message says what is missing; `sparrow build` lists what is wrong with the files',
  PAGE_TIMEOUT: 'look for a lifecycle that never ends, or open the page with `sparrow dev` and read its log',
  CHECK_FAILED: 'run `sparrow check --workers 1`: a machine that is out of memory closes tabs',
  HOST_ERROR: 'a fault of Sparrow: please report it with the page',
  BACKEND_UNREACHABLE: '`sparrow dev` shows the log of the backend and why it ended',
  UNREACHABLE: 'correct the address, or run what should answer there',
};
