import { InvalidArgumentError, Option } from 'commander';

/** Of every command that may install packages. */
export interface InstallTimeout {
  installTimeout?: number;
}

export const installTimeoutOption = (): Option =>
  new Option('--install-timeout <seconds>', 'limit for npm in each folder (default: 300)').argParser((text) => {
    const seconds = Number(text);
    if (!(seconds > 0 && seconds <= 86_400)) throw new InvalidArgumentError('give seconds, from 1 to 86400');
    return seconds;
  });

/** The option as the cloud's functions take it. */
export const installTimeoutMs = ({ installTimeout }: InstallTimeout): number | undefined =>
  installTimeout === undefined ? undefined : installTimeout * 1_000;
