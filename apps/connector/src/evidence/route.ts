/** Where receipts and the answer of an exchange go. */
export interface Route {
  /** Receipt topic of the provider, read by all its connectors. */
  readonly receiptTopic: string;
  readonly replyTopic: string;
}
