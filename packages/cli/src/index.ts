/** The `sparrow` command as a function, for scripts of the repository. */
export { runCli } from './program.ts';
