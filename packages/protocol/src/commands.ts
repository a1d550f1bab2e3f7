/** Verbs that a text may name: `sparrow dev …`. */
const VERBS = 'build|check|create|dev|doctor|game|reset|store|--help';
const NAMED = new RegExp(`(?<![\\w/@.-])sparrow (?=(?:${VERBS})(?![\\w-]))`, 'g');

/**
 * Texts everywhere name commands as `sparrow dev`; people read the line that works where they are.
 *
 * @param prefix how `sparrow` is called there
 * @example spellCommands('run `sparrow dev`', 'npm run -s sparrow --') // 'run `npm run -s sparrow -- dev`'
 */
export const spellCommands = (text: string, prefix: string): string => text.replace(NAMED, () => `${prefix} `);
