/** Topic of the stock pipeline; Nest's client makes the reply topic's name of it. */
export const STOCK_PATTERN = 'stock-exchange';
export const STOCK_REPLY = `${STOCK_PATTERN}.reply`;

export interface StockAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}
