import type { InvokeError } from '@sparrow/protocol';

/** Fails an Invoke: the mini program gets `<name>:fail <message>`. */
export class NativeFailure extends Error {
  readonly detail: InvokeError;
  constructor(message: string, more: Omit<InvokeError, 'message'> = {}) {
    super(message);
    this.name = 'NativeFailure';
    this.detail = { message, ...more };
  }
}
