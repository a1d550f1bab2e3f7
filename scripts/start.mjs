// npm start: set up (prestart), build what is stale, run the chat room.
import { requireNode24, root } from './lib.mjs';

requireNode24();
await import('./build.mjs');
process.chdir(root);
process.argv.splice(2, process.argv.length - 2, 'dev', 'examples/chat-room', ...process.argv.slice(2));
await import('../packages/cli/src/main.ts');
