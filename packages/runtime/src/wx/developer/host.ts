import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { developerContract } from './contract.ts';

export const createDeveloperHost = ({ developer }: Phone): HostHalf<typeof developerContract> => ({
  log: (entry) => developer.log(entry),
  problem: (entry) => developer.problem(entry),
  report: (entry) => developer.report(entry),
  trace: ({ messages }) => developer.trace(messages),
  debugResult: (result) => developer.answered(result),
});
