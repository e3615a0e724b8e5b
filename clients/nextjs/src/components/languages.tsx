import { chooseLanguage } from "@/app/language";
import { LANGUAGES } from "@/i18n";
import { speak } from "@/server/language";

export async function Languages() {
  const { language, t } = await speak();
  return (
    <form action={chooseLanguage} className="languages" aria-label={t("layout.language")}>
      {Object.entries(LANGUAGES).map(([code, name]) => (
        <button key={code} className="quiet" name="language" value={code} lang={code} aria-current={code === language || undefined}>
          {name}
        </button>
      ))}
    </form>
  );
}
