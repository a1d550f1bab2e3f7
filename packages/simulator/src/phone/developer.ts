import type { LocatedStack, NetworkEntry, TraceEntry } from '@sparrow/protocol';
import {
  createNetworkLog,
  type Developer,
  type LogEntry,
  type ProblemEntry,
  type RelayClient,
  type ReportEntry,
} from '@sparrow/runtime/native';
import type { Evaluator } from './evaluator.ts';
import { createFaults, type Fault } from './faults.ts';
import type { createPhoneMeters } from './meter.ts';
import type { Packages } from './packages.ts';
import { seenMessage, type Trace } from './trace.ts';

/** Longer texts are cut, in characters. */
const MAX_LOG_TEXT = 10_000;

export interface DeveloperOptions {
  onLog(entry: LogEntry): void;
  onNetwork(entry: NetworkEntry): void;
  onProblem(problem: ProblemEntry): void;
  onReport(entry: ReportEntry): void;
  onFault(fault: Fault): void;
}

/** What those who look after a program hear of it; no more than they can read. */
export function createDeveloper(
  on: DeveloperOptions,
  parts: {
    relay: RelayClient;
    packages: Packages;
    user: string;
    evaluator: Evaluator;
    meters: ReturnType<typeof createPhoneMeters>;
    trace: Trace | undefined;
    pathOf(pageId: number): string;
  },
): Developer {
  const { relay, packages, user, meters } = parts;
  const faults = createFaults({
    locate: ({ problem, ...question }) =>
      relay.call<LocatedStack>('locate', {
        packageId: packages.id,
        ...question,
        ...(problem && { problem: { ...problem, user } }),
      }),
    diagnostics: () => packages.manifest.diagnostics,
    pageOf: parts.pathOf,
    onLog: on.onLog,
    onFault: on.onFault,
  });
  return {
    network: createNetworkLog(on.onNetwork),
    log(entry) {
      if (meters.log.take()) faults.log({ ...entry, text: entry.text.slice(0, MAX_LOG_TEXT) });
    },
    problem(entry) {
      if (!meters.problem.take()) return;
      const problem = { ...entry, message: entry.message.slice(0, MAX_LOG_TEXT) };
      on.onProblem(problem);
      faults.problem(problem);
    },
    trace(messages) {
      for (const given of messages) {
        const message = seenMessage(given);
        if (message && meters.trace.take()) parts.trace?.(message);
      }
    },
    report: on.onReport,
    answered: parts.evaluator.settle,
  };
}

/** Puts the page's path beside its id. */
export const traceWithPaths = (
  tell: ((entry: Omit<TraceEntry, 'phone'>) => void) | undefined,
  pathOf: (pageId: number) => string,
): Trace | undefined => tell && ((message) => tell({ ...message, page: pathOf(message.pageId) }));
