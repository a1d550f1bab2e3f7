/** A text in which `words in backticks` are commands and names: they are set as code. */
export function Prose({ text }: { text: string }) {
  return text.split('`').map((part, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of a text have no identity of their own
    index % 2 === 1 ? <code key={index}>{part}</code> : part,
  );
}
