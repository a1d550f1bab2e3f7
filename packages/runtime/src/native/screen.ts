/** What lies over the pages. */
export interface Screen {
  readonly element: HTMLElement;
  readonly toasts: Toasts;
  /**
   * Lays something over the screen until the function that is returned takes it away.
   *
   * @param dismiss answers in the user's stead when the page below goes; without it the layer stays
   * @throws NativeFailure when too many layers lie there
   */
  cover(layer: HTMLElement, dismiss?: () => void): () => void;
  /** A line from the phone itself. */
  notice(text: string): void;
  /** Picks files on the machine the phone runs on; none when the user does not want to. */
  pickFiles(options: { accept: string; multiple: boolean }): Promise<File[]>;
}

export interface Toasts {
  /** @param durationMs until it goes by itself; stays when absent */
  show(toast: { title: string; icon: string; mask: boolean; image?: string | undefined }, durationMs?: number): void;
  hide(): void;
  /** Hides it if it is a sign of loading. */
  hideLoading(): void;
}
