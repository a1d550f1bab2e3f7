/** Where the files of a phone are served. */
export interface FileBases {
  /** Of temporary files (`http://tmp/…`, `wxfile://…`) of all phones. */
  fileBase: string;
  /** Of the user folder (`http://usr/…`, `wxfile://usr/…`) of this phone's user. */
  userBase: string;
}

/** The address of a temporary or user file; undefined when the path is of neither kind. */
export function fileAddress(path: string, { fileBase, userBase }: FileBases): string | undefined {
  const match = /^(?:https?:\/\/(tmp|usr)|wxfile:\/\/(tmp|usr)?)\/?(.*)$/i.exec(path);
  if (!match) return undefined;
  const kind = (match[1] ?? match[2] ?? 'tmp').toLowerCase();
  return `${kind === 'usr' ? userBase : `${fileBase}/tmp`}/${match[3] ?? ''}`;
}
