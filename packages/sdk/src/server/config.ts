import { SparrowSdkError } from './errors.ts';

/** What a backend is told when it is started; each field is a variable of the environment. */
export interface SparrowConfig {
  /** PORT: where the backend must listen. */
  port: number;
  /** SPARROW_URL: the control server, e.g. `http://127.0.0.1:7700`. */
  url: string;
  /** SPARROW_TOKEN: secret of this backend. */
  token: string;
  /** SPARROW_DATA_DIR: a folder of its own that survives restarts and releases. */
  dataDir: string;
  /** SPARROW_APP: name of the app, a DNS label. */
  app: string;
  /** SPARROW_ENV: `local`, `dev` or `prod`. */
  env: string;
}

/**
 * Reads the environment.
 *
 * @throws SparrowSdkError ERR_INIT_SDK_LOST_CONFIG naming every variable that is missing.
 */
export function readConfig(environment: Record<string, string | undefined>): SparrowConfig {
  const missing: string[] = [];
  const word = (name: string): string => {
    const value = environment[name];
    if (value === undefined || value === '') missing.push(name);
    return value ?? '';
  };
  const config: SparrowConfig = {
    port: Number(word('PORT')),
    url: word('SPARROW_URL').replace(/\/+$/, ''),
    token: word('SPARROW_TOKEN'),
    dataDir: word('SPARROW_DATA_DIR'),
    app: word('SPARROW_APP'),
    env: word('SPARROW_ENV'),
  };
  if (missing.length > 0)
    throw new SparrowSdkError('ERR_INIT_SDK_LOST_CONFIG', `${missing.join(', ')} is not set`, {
      hint: 'start the backend with `sparrow dev`, or pass these options to createSparrow()',
    });
  return config;
}
