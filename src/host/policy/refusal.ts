/** Why the editor does not do what the server asked for; `code` and `fix` go over to the server with the message. */
export class Refusal extends Error {
  readonly code: string;
  readonly fix: string;

  constructor(code: string, message: string, fix: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.fix = fix;
  }
}
