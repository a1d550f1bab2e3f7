/** Longer texts are not looked at: reading along must not cost more than the message. Characters. */
export const MAX_PREVIEW = 2_000;
const MAX_TEXT = 200;

/** The beginning of what a message carries, as JSON that is cut in its texts and at its end. */
export function preview(value: unknown): string {
  try {
    let budget = MAX_PREVIEW;
    return (
      JSON.stringify(value, (_key, item: unknown) => {
        if (budget <= 0) return undefined;
        if (typeof item === 'string') {
          budget -= item.length;
          return item.length > MAX_TEXT ? `${item.slice(0, MAX_TEXT)}…` : item;
        }
        budget -= 8;
        return item;
      }) ?? ''
    );
  } catch {
    // A circle, a bigint, or a getter that throws.
    return '';
  }
}
