from django.db import migrations


class Migration(migrations.Migration):
    """In public, bind even a superuser's and the owner's hands; see docs/decisions/audit.md."""

    dependencies = [("staff", "0001_initial"), ("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            "CREATE FUNCTION public.audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$"
            " BEGIN RAISE EXCEPTION 'the audit log is only added to'"
            " USING ERRCODE = 'insufficient_privilege'; END $$",
            "DROP FUNCTION public.audit_is_append_only()",
        ),
        migrations.RunSQL(
            "CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
            " ON public.audit_entry FOR EACH STATEMENT"
            " EXECUTE FUNCTION public.audit_is_append_only()",
            "DROP TRIGGER audit_is_append_only ON public.audit_entry",
        ),
    ]
