import info from '../package.json' with { type: 'json' };

export const VERSION: string = info.version;
