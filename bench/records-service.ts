// The record service in a process of its own, for one hop like Redis: node records-service.ts DIR TOKEN; prints the path of its socket.
import { join } from 'node:path';
import { createRecordService } from '../packages/cloud/src/records/record-service.ts';

const [dir = '', token = ''] = process.argv.slice(2);
const service = createRecordService({ dir: join(dir, 'store'), app: 'bench', env: 'local', backendDir: dir, token });
process.stdout.write(`${(await service.open()).socket}\n`);
