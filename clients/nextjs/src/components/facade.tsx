import styles from "./facade.module.css";

const WINDOWS = "M88 76h26v30H88zM132 76h26v30h-26zM176 76h26v30h-26zM88 128h26v30H88zM176 128h26v30h-26zM88 180h26v30H88z";
const RAILS = "M82 106h38v9H82zM126 106h38v9h-38zM170 106h38v9h-38zM82 158h38v9H82zM126 158h38v9h-38zM170 158h38v9h-38z";

/** The house of the brand. */
export function Facade() {
  return (
    <svg className={styles.facade} viewBox="0 0 320 260" aria-hidden="true" focusable="false">
      <circle className={styles.sun} cx="258" cy="52" r="26" />
      <path className={styles.hill} d="M10 232c44-44 84-50 130-22 50-62 112-72 170 22z" />
      <rect className={styles.wall} x="70" y="54" width="150" height="178" rx="4" />
      <rect className={styles.roof} x="62" y="46" width="166" height="12" rx="3" />
      <path className={styles.roof} d="M96 46V32h36v14zM186 46V26h6v20z" />
      <path className={styles.window} d={WINDOWS} />
      <path className={styles.lit} d="M132 128h26v30h-26zM176 180h26v30h-26z" />
      <path className={styles.roof} d="M130 232v-36a15 15 0 0 1 30 0v36z" />
      <path className={styles.rail} d={RAILS} />
      <path className={styles.trunk} d="M246 232v-34M40 232v-28" />
      <ellipse className={styles.leaf} cx="246" cy="182" rx="20" ry="28" />
      <ellipse className={styles.leaf} cx="40" cy="190" rx="16" ry="22" />
      <path className={styles.trunk} d="M10 232h300" />
    </svg>
  );
}
