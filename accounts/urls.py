"""Addresses of the pages about organizations, members, tokens and wallets."""

from django.urls import path

from accounts.views.invitations import invitation
from accounts.views.members import invitation_revoke, invite, leave, member_remove, member_role, members
from accounts.views.organizations import home, organization_new, settings
from accounts.views.projects import member_limit, project, project_archive, project_new, projects
from accounts.views.tokens import token_new, token_revoke, tokens
from accounts.views.wallets import wallet

urlpatterns = [
    path("", home, name="home"),
    path("organizations/new/", organization_new, name="organization-new"),
    path("invitations/<str:secret>/", invitation, name="invitation"),
    path("o/<slug:org>/members/", members, name="members"),
    path("o/<slug:org>/members/invite/", invite, name="invite"),
    path("o/<slug:org>/members/leave/", leave, name="leave"),
    path("o/<slug:org>/members/<int:pk>/role/", member_role, name="member-role"),
    path("o/<slug:org>/members/<int:pk>/remove/", member_remove, name="member-remove"),
    path("o/<slug:org>/invitations/<int:pk>/revoke/", invitation_revoke, name="invitation-revoke"),
    path("o/<slug:org>/tokens/", tokens, name="tokens"),
    path("o/<slug:org>/tokens/new/", token_new, name="token-new"),
    path("o/<slug:org>/tokens/<int:pk>/revoke/", token_revoke, name="token-revoke"),
    path("o/<slug:org>/wallet/", wallet, name="wallet"),
    path("o/<slug:org>/projects/", projects, name="projects"),
    path("o/<slug:org>/projects/new/", project_new, name="project-new"),
    path("o/<slug:org>/projects/<slug:project>/", project, name="project"),
    path("o/<slug:org>/projects/<slug:project>/archive/", project_archive, name="project-archive"),
    path("o/<slug:org>/members/<int:pk>/limit/", member_limit, name="member-limit"),
    path("o/<slug:org>/settings/", settings, name="settings"),
]
