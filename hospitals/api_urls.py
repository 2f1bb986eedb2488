from __future__ import annotations

from django.urls import path

from hospitals.staff import api as views

urlpatterns = [
    path("hospitals/", views.HospitalListView.as_view()),
    path("hospitals/<uuid:pk>/", views.HospitalView.as_view()),
    path("access-log/", views.AccessLogView.as_view()),
]
