import { medianOf, spreadPercent, type Figures } from './measure.js';

export function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Collects the runs of one contender under one load, tells each as it comes, and the median with spread at the end. */
export class Runs {
  private readonly runs: Figures[] = [];

  constructor(private readonly label: string) {}

  add(figures: Figures): void {
    this.runs.push(figures);
    say(`  run ${this.runs.length}  ${this.label.padEnd(34)} ${line(figures)}`);
  }

  close(): Figures {
    const median = medianOf(this.runs);
    say(`  median ${this.label.padEnd(33)} ${line(median)}   spread ${spreadPercent(this.runs)} %`);
    return median;
  }
}

function line({ rps, p50, p99 }: Figures): string {
  return `${String(rps).padStart(8)}/s   p50 ${p50.toFixed(2).padStart(8)} ms   p99 ${p99.toFixed(2).padStart(8)} ms`;
}
