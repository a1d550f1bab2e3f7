import type { LogEntry, ProblemEntry } from '@sparrow/runtime/native';

/** A script of the logic layer or of the pages does not come to an end, or a frame does not start. */
export type SilenceCode = 'LOGIC_STUCK' | 'VIEW_STUCK' | 'START_FAILED';

export interface SilenceOptions {
  onProblem(problem: ProblemEntry): void;
  onLog(entry: LogEntry): void;
  onSilent(code: SilenceCode, seconds: number): void;
  onAnswer(code: SilenceCode): void;
}

const MESSAGES: Record<SilenceCode, (seconds: number) => string> = {
  LOGIC_STUCK: (seconds) => `the logic layer has not answered for ${seconds} s: a script runs endlessly`,
  VIEW_STUCK: (seconds) => `the pages have not answered for ${seconds} s: a WXS function runs endlessly`,
  START_FAILED: (seconds) => `a frame of the phone has not started for ${seconds} s`,
};

/** Tells of parts of the program that do not answer, and takes it back when all of them have. */
export function watchSilences(options: SilenceOptions): {
  begin(code: SilenceCode, seconds: number): void;
  end(code: SilenceCode): void;
} {
  const silent: Record<SilenceCode, number> = { LOGIC_STUCK: 0, VIEW_STUCK: 0, START_FAILED: 0 };
  return {
    begin(code, seconds) {
      if (silent[code]++ > 0) return;
      const message = MESSAGES[code](seconds);
      const kind = code === 'START_FAILED' ? 'runtime' : 'script';
      options.onProblem({ kind, code, message, pageId: 0 });
      options.onLog({ level: 'error', text: `${code}: ${message}`, pageId: 0 });
      options.onSilent(code, seconds);
    },
    end(code) {
      if (silent[code] === 0 || --silent[code] > 0) return;
      options.onLog({ level: 'info', text: `${code}: it has answered after all`, pageId: 0 });
      options.onAnswer(code);
    },
  };
}
