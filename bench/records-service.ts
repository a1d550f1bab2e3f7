// The record service in a process of its own, for one hop like Redis: node records-service.ts DIR TOKEN; prints the path
// of its socket. For every line that comes it takes what it put off to its file, and prints a line.
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LmdbEngine } from '@sparrow/store';
import { createRecordService } from '../packages/cloud/src/records/record-service.ts';

const [dir = '', token = ''] = process.argv.slice(2);
const service = createRecordService({ dir: join(dir, 'store'), app: 'bench', env: 'local', backendDir: dir, token });
process.stdout.write(`${(await service.open()).socket}\n`);
const { engine } = await service.store();
for await (const _line of createInterface({ input: process.stdin })) {
  await (engine as LmdbEngine).settle();
  process.stdout.write('settled\n');
}
