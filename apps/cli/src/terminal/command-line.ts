/** Options as they have to be typed again: those that are not what they would be without. */
export function typedOptions(
  options: Readonly<Record<string, string>>,
  usual: Readonly<Record<string, string>>,
): string {
  return Object.entries(options)
    .filter(([name, value]) => value !== usual[name])
    .map(([name, value]) => `--${name} ${word(value)}`)
    .join(' ');
}

/** One word for a POSIX shell, whatever is in it. */
export function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
