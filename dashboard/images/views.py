from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

async def index(request: HttpRequest, host: str) -> HttpResponse:
    return render(request, "base.html")
