import {
  BREAKING_PROBLEMS,
  PROBLEM_CODES,
  type ProblemCode,
  type ProgramPlace,
  type ProgramProblem,
} from '@sparrow/protocol';
import { objectOf } from './bodies.ts';

/** So many different problems of one package are told; who has more than that reads the log. */
const MAX_TOLD = 200;
/** Longer texts are cut, in characters. */
const MAX_TEXT = 2_000;

/** Tells what goes wrong in the phones: each problem once, whichever phones meet it and however often. */
export interface ProblemTeller {
  /** @param given what a phone says of the problem */
  meet(given: unknown, place: ProgramPlace | undefined): void;
  /** Another package: what goes wrong in it is told anew. */
  reset(): void;
}

export function createProblemTeller(tell: (problem: ProgramProblem) => void): ProblemTeller {
  const told = new Set<string>();
  return {
    meet(given, place) {
      const { code, message, user, page } = objectOf(given);
      if (!isBreaking(code)) return;
      const problem: ProgramProblem = {
        code,
        message: plain(message),
        user: plain(user),
        page: plain(page),
        ...(place && { place }),
      };
      const key = JSON.stringify([code, problem.message, place?.file, place?.line, place?.column]);
      if (told.has(key) || told.size >= MAX_TOLD) return;
      told.add(key);
      tell(problem);
    },
    reset: () => told.clear(),
  };
}

const isBreaking = (code: unknown): code is ProblemCode =>
  PROBLEM_CODES.includes(code as ProblemCode) && BREAKING_PROBLEMS.has(code as ProblemCode);

/** A text of a program that may be shown in a terminal: no sequence that moves its cursor or dyes it. */
function plain(text: unknown): string {
  return String(text ?? '')
    .slice(0, MAX_TEXT)
    .replace(/(?![\n\t])\p{Cc}/gu, '');
}
