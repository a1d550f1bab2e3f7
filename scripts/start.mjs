// npm start: set up (prestart), build what is stale, run the chat room.
import { join } from 'node:path';
import { requireNode24, root } from './lib.mjs';

requireNode24();
process.stderr.write('Starting the chat room of examples/chat-room; this usually takes two to five seconds …\n');
await import('./build.mjs');
process.argv.splice(2, process.argv.length - 2, 'dev', join(root, 'examples/chat-room'), ...process.argv.slice(2));
await import('../packages/cli/bin/sparrow.mjs');
