"use client";

import { type ChangeEvent, useState } from "react";

import { useLanguage } from "@/i18n/client";

import { Field } from "./form";
import styles from "./photo-field.module.css";

const LONGEST_SIDE = 1920;
const QUALITY = 0.85;

/** A photo, made smaller before it is sent: phones take larger ones than anybody needs to see. */
export function PhotoField({ required = false }: { required?: boolean }) {
  const { t } = useLanguage();
  const [shown, setShown] = useState<string | null>(null);
  async function choose({ target }: ChangeEvent<HTMLInputElement>) {
    const photo = target.files?.[0];
    const small = photo ? await smaller(photo) : null;
    if (small) {
      const files = new DataTransfer();
      files.items.add(small);
      target.files = files.files;
    }
    setShown(small ? URL.createObjectURL(small) : null);
  }
  return (
    <Field
      name="photo" type="file" label={t("photo.label")} accept="image/png,image/jpeg,image/webp" hint={t("photo.hint")}
      required={required} onChange={choose}
      after={shown && <img className={styles.preview} src={shown} alt={t("photo.preview")} />}
    />
  );
}

/** Return the picture as a JPEG of a sensible size; null if the browser can't read it. */
async function smaller(photo: File): Promise<File | null> {
  const picture = await createImageBitmap(photo).catch(() => null);
  if (!picture) return null;
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  return blob && new File([blob], photo.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
}
