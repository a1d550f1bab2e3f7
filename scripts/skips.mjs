// Tests that cannot run everywhere, and what they need. A skip of any other test, or of one whose need is there, is a
// fault: in CI it fails the run.
import { existsSync } from 'node:fs';

const asRoot = process.getuid?.() === 0;

/** Test file → what it needs, and whether that is missing here. */
const NEEDS = {
  'packages/router/test/faults.test.ts': ['network namespaces and packet filters, as root', !asRoot],
  'packages/store/test/partition.test.ts': ['packet filters, as root', !asRoot],
  'packages/store/test/full-disk.test.ts': ['a file system of its own, as root', !asRoot],
  'packages/store/test/clock.test.ts': ['libfaketime, which `npm test` installs as root', !asRoot],
  'packages/store/test/cold.test.ts': [
    'a memory cgroup of version 1, as root',
    !asRoot || !existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes'),
  ],
};

/**
 * @param report what Vitest's JSON reporter wrote
 * @param root folder of the repository
 * @returns one line a skipped test: `expected` when what it needs is missing here
 */
export function skipsOf(report, root) {
  const skips = [];
  for (const { name, assertionResults } of report.testResults ?? []) {
    const file = name.startsWith(`${root}/`) ? name.slice(root.length + 1) : name;
    const [needs, expected] = NEEDS[file] ?? ['nothing that may be missing', false];
    for (const { fullName, status } of assertionResults)
      if (status !== 'passed' && status !== 'failed')
        skips.push({ expected, line: `skipped: ${file}: ${fullName} (needs ${needs})` });
  }
  return skips;
}
