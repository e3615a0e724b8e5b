import Link from "next/link";

export function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="#0b5d5b" />
      <path d="M9 25V11.5L16 7l7 4.5V25" fill="none" stroke="#fff" strokeWidth="2" strokeLinejoin="round" />
      <path d="M7 25h18" stroke="#fff" strokeWidth="2" strokeLinecap="round" />
      <path d="M12.5 14h2.2v2.6h-2.2zM17.3 14h2.2v2.6h-2.2z" fill="#fff" />
      <path d="M14 25v-4a2 2 0 0 1 4 0v4" fill="#ffc46b" />
    </svg>
  );
}

export function Brand({ name, href }: { name: string; href: string }) {
  return <Link className="brand" href={href}><Mark /><span>{name}</span></Link>;
}
