/**
 * A password, token or connection string with one. Whoever prints it, or what holds it, sees `[secret]`; its text is had
 * only by asking for it by name, so that each place where a secret is used can be found.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Empty: there is none. */
  static readonly none = new Secret('');

  get isEmpty(): boolean {
    return this.#text === '';
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  /** Node's `inspect`, by the name that needs no import. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}
