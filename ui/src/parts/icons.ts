// Outlines on a 16 × 16 grid. Filled parts are listed apart, so that states differ in shape, not only in colour.

export const icons = {
  known: { line: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13M5 8.2l2.1 2.1L11 6' },
  partial: { line: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13', fill: 'M8 1.5a6.5 6.5 0 0 0 0 13z' },
  stale: { line: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13M8 4.2V8l2.6 1.8' },
  none: { line: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13', dash: true },
  alert: { line: 'M8 1.8L14.8 14H1.2zM8 6v4', fill: 'M7.2 11.4h1.6v1.5H7.2z' },
  stop: { line: 'M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2zM5 8h6' },
  shield: { line: 'M8 1.4l5.6 2v4.4c0 3.4-2.4 5.6-5.6 6.8c-3.2-1.2-5.6-3.4-5.6-6.8V3.4zM5.4 8l1.9 1.9l3.4-3.8' },
  question: { line: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13M6 6.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4', fill: 'M7.3 10.8h1.5v1.5H7.3z' },
  cross: { line: 'M4 4l8 8M12 4l-8 8' },
  check: { line: 'M3 8.5l3.2 3.2L13 4.8' },
  dash: { line: 'M3.5 8h9' },
  plus: { line: 'M8 3v10M3 8h10' },
  change: { line: 'M2.5 5.5h9L9 3M13.5 10.5h-9L7 13' },
  system: { line: 'M2 3h12v10H2zM2 6.5h12M5 10h2' },
  equipment: { line: 'M1.8 6h12.4v6H1.8zM4 9h.1M6.5 9h.1M10 3.2V6M12.2 2V6' },
  software: { line: 'M8 1.6l5.6 3.1v6.6L8 14.4l-5.6-3.1V4.7zM2.4 4.7L8 7.8l5.6-3.1M8 7.8v6.6' },
  next: { line: 'M6 3.5L10.5 8L6 12.5' },
  down: { line: 'M3.5 6L8 10.5L12.5 6' },
  arrow: { line: 'M2.5 8h11M9.5 4l4 4l-4 4' },
  status: { line: 'M2 2h5v5H2zM9 2h5v5H9zM2 9h5v5H2zM9 9h5v5H9z' },
  products: { line: 'M2 5l6-3l6 3v6l-6 3l-6-3zM2 5l6 3l6-3M8 8v6' },
  risk: { line: 'M2 13.5L6.5 8l3 2.8L14 3.5M14 3.5h-3.6M14 3.5v3.6' },
  chain: { line: 'M6.8 9.2L9.2 6.8M7.2 4.6l1.3-1.3a3 3 0 0 1 4.2 4.2l-1.3 1.3M8.8 11.4l-1.3 1.3a3 3 0 0 1-4.2-4.2l1.3-1.3' },
  audit: { line: 'M3 1.8h7l3 3v9.4H3zM5.5 8.5l1.6 1.6l3.2-3.6' },
  upload: { line: 'M8 10.5V2.5M4.5 6L8 2.5L11.5 6M2 10.5v3h12v-3' },
  key: { line: 'M5 8.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 0 0 0-5.6M7 9l6-6.3M10.5 5.2l2 2' },
  eye: { line: 'M1.3 8s2.5-4.5 6.7-4.5S14.7 8 14.7 8s-2.5 4.5-6.7 4.5S1.3 8 1.3 8M8 6a2 2 0 1 0 0 4a2 2 0 0 0 0-4' },
} as const;

export type IconName = keyof typeof icons;
