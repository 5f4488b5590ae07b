"""RecordView: the shared base of every model view. A view declares, in Flask-Admin's attribute names; this does."""

from __future__ import annotations

from backoffice.admin.importing.view import ImportingView


class RecordView(ImportingView):
    """List, details, create, edit, delete, relations, actions and export of one model.

        class StudentView(RecordView):
            column_list = ("name", "math")
            column_searchable_list = ("name",)
            column_filters = ("name", "math")

    Its concerns are layers, one module each: base, listing, filter pages, exports, record, forms, editing, cells,
    relations, deleting, actions, saved views, attaching, detaching, linked creation, duplicating, record tools,
    writing, drafts, presence, history, importing. They are stacked and not mixed in side by side, because Flask-Admin's
    metaclass copies every exposed method into each class, where it would hide the one of a sibling.

    Permissions are `<endpoint>:<action>`; PERMISSIONS says which page asks for which. docs/extending.md has the whole.
    """

    list_template = "admin/model/list.html"

    # What each page asks of the person's role before it runs; a page added by a subclass is a permission of its name.
    PERMISSIONS = {
        "index_view": "read",
        "count_view": "read",
        "filter_view": "read",
        "arrange_view": "read",
        # Which views may be changed and shared is decided inside: it depends on whose they are.
        "saved_view_new": "read",
        "saved_view_edit": "read",
        "saved_view_change": "read",
        "saved_view_delete": "read",
        "details_view": "read",
        "relation_view": "read",
        "history_view": "read",
        "revert_view": "edit",
        "lookup_view": "read",
        "ajax_lookup": "read",
        "download_view": "read",
        "uploaded_view": "read",
        "presence_view": "read",
        # A draft asks inside for what its form asks: edit, or create for a record that does not exist yet.
        "draft_view": "read",
        "draft_keep": "read",
        "draft_discard": "read",
        # Which links may be changed, and which actions run, is decided inside: it depends on what was sent.
        "attach_view": "read",
        "attach_list_view": "read",
        "detach_view": "read",
        "detach_all_view": "read",
        "action_view": "read",
        "bulk_view": "read",
        "json_view": "read",
        "create_view": "create",
        "new_preview_view": "create",
        "new_upload_view": "create",
        "created_view": "read",
        "edit_view": "edit",
        "preview_view": "edit",
        "upload_view": "edit",
        "cell_view": "edit",
        "ajax_update": "edit",
        "delete_view": "delete",
        # Whether records are created or changed is asked inside: it depends on what was chosen.
        "import_view": "import",
        "export": "export",
    }
