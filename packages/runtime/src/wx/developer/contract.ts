import { PROBLEM_CODES, type SeenMessage } from '@sparrow/protocol';
import { contract, type ParamsOf } from '../contract.ts';
import { anything, list, number, oneOf, optional, text } from '../schema.ts';

/** What the developer learns of a running program. */
export const developerContract = contract({
  calls: {
    log: {
      view: true,
      params: {
        level: oneOf('debug', 'info', 'log', 'warn', 'error'),
        text: text(),
        stack: optional(text()),
        pageId: number(),
      },
    },
    /** An uncaught error or a failed call that a user would notice. */
    problem: {
      params: {
        kind: oneOf('component', 'api', 'script', 'runtime'),
        code: oneOf(...PROBLEM_CODES),
        message: text(),
        stack: optional(text()),
        pageId: number(),
      },
    },
    report: { params: { event: text(), data: optional(anything()) } },
    /** Messages between the logic layer and its views, when a tool reads along. */
    trace: { params: { messages: list(anything<SeenMessage>()) } },
    /** The answer to `evaluate`. */
    debugResult: { params: { id: number(), value: optional(anything()), error: optional(text()) } },
  },
});

type Calls = (typeof developerContract)['calls'];
export type LogEntry = ParamsOf<Calls['log']>;
export type ProblemEntry = ParamsOf<Calls['problem']>;
export type ReportEntry = ParamsOf<Calls['report']>;
export type DebugResult = ParamsOf<Calls['debugResult']>;
