export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** Node's flat list of names and values as fields, in arrival order, with every repetition and the case as sent. */
export function headerFields(rawHeaders: readonly string[]): HeaderField[] {
  const fields: HeaderField[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2)
    fields.push({ name: rawHeaders[index] ?? '', value: rawHeaders[index + 1] ?? '' });
  return fields;
}
