"use client";

import { type ReactNode, useState } from "react";

/** Something to unfold. It stays as the reader has it, whatever the page becomes meanwhile. */
export function Disclosure({ summary, open: first = false, className, children }: { summary: string; open?: boolean; className?: string; children: ReactNode }) {
  const [open, setOpen] = useState(first);
  return (
    <details className={className} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {children}
    </details>
  );
}
